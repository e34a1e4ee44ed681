/** The report that was taken home: rows that lie in the page itself, nothing to edit, nothing to load. */

import { Report } from './report/report.js';

const report = new Report({ editable: false });
report.addFromPage();
report.show();
