"""A package that nobody could be asked about is not taken for a good one."""

import json

from tests.supply.audit import of_npm_audit, of_pip_audit

FAULT = {"id": "PYSEC-2026-1", "fix_versions": ["2.1"], "aliases": [], "description": "…"}


def pip_audit(*packages: dict) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


def test_a_known_fault_is_named_with_the_version_that_mends_it():
    report = pip_audit({"name": "good", "version": "1", "vulns": []}, {"name": "a", "version": "2", "vulns": [FAULT]})
    assert of_pip_audit(report) == (2, ["a 2: PYSEC-2026-1, fixed in 2.1"], None)
    report = json.dumps({"vulnerabilities": {"esbuild": {"severity": "high"}}})
    assert of_npm_audit(report).faults == ["esbuild: high"]


def test_no_fault_is_said_only_where_all_were_asked_about():
    assert of_pip_audit(pip_audit({"name": "good", "version": "1", "vulns": []})) == (1, [], None)
    assert of_npm_audit('{"vulnerabilities": {}}').not_asked is None
    skipped = pip_audit({"name": "good", "version": "1", "vulns": []}, {"name": "a", "skip_reason": "not found: a (2)"})
    assert of_pip_audit(skipped) == (1, [], "1 of 2 were not found, the first: not found: a (2)")


def test_a_registry_that_does_not_answer_is_said():
    assert of_pip_audit("", "Traceback\nConnectionError: no route").not_asked == "ConnectionError: no route"
    assert of_npm_audit('{"message": "405 Method Not Allowed"}').not_asked == "405 Method Not Allowed"
    assert of_npm_audit("").not_asked == "no answer"
