; Run by GIMP: saves FOLDER/7.png as Photoshop files of several modes, and one with two layers on a transparent ground.
(define (save image name)
  (let ((path (string-append "FOLDER/" name ".psd")))
    (file-psd-save RUN-NONINTERACTIVE image (car (gimp-image-get-active-drawable image)) path path 1 0)))
(define (saved-as name change)
  (let ((image (car (gimp-file-load RUN-NONINTERACTIVE "FOLDER/7.png" "7.png"))))
    (change image)
    (save image name)))
(define u16 250) ; PRECISION-U16-NON-LINEAR, whose name differs between versions
(define float 650) ; PRECISION-FLOAT-NON-LINEAR
(saved-as "grey" (lambda (image) ()))
(saved-as "grey32" (lambda (image) (gimp-image-convert-precision image float)))
(saved-as "rgb" gimp-image-convert-rgb)
(saved-as "rgb16" (lambda (image) (gimp-image-convert-rgb image) (gimp-image-convert-precision image u16)))
(saved-as "indexed"
  (lambda (image)
    (gimp-image-convert-rgb image)
    (gimp-image-convert-indexed image CONVERT-DITHER-NONE CONVERT-PALETTE-GENERATE 4 FALSE FALSE "")))
(saved-as "layers"
  (lambda (image)
    (gimp-image-convert-rgb image)
    (let* ((first (car (gimp-image-get-active-layer image)))
           (second (car (gimp-layer-copy first TRUE))))
      (gimp-layer-add-alpha first)
      (gimp-image-insert-layer image second 0 0)
      (for-each (lambda (layer) (plug-in-colortoalpha RUN-NONINTERACTIVE image layer "white")) (list first second))
      (gimp-item-set-name first "семь")
      (gimp-item-set-name second "8"))))
