; SPDX-License-Identifier: MIT
; Drakma on SBCL, one stream kept open; a new one after a failure. Called as every client is.
(require :asdf)
(let ((*standard-output* (make-broadcast-stream)) (*error-output* (make-broadcast-stream)))
  (handler-bind ((warning #'muffle-warning)) (asdf:load-system :drakma)))

(defvar *args* (cdr (member "--" sb-ext:*posix-argv* :test #'string=)))
(defvar *base* (first *args*))
(defvar *count* (parse-integer (second *args*)))
(defvar *post* (string= (third *args*) "POST"))
(defvar *pause* (parse-integer (fourth *args*)))
(defvar *stream* nil)
(defvar *failed* 0)
(defvar *start* 0)

(defun open-fds () (1- (length (directory "/proc/self/fd/*" :resolve-symlinks nil))))

(defun exchange (i)
  (let ((url (format nil "~a-~a" *base* i)))
    (multiple-value-bind (body status headers uri stream)
        (funcall (intern "HTTP-REQUEST" :drakma) url
                 :method (if *post* :post :get) :close nil :stream *stream*
                 :additional-headers (list (cons "X-Request-Id" (princ-to-string i)))
                 :content (and *post* (format nil "payload-~a" i)))
      (declare (ignore headers uri))
      (setf *stream* stream)
      (let ((text (if (stringp body) body (map 'string #'code-char body))))
        (unless (search (format nil "\"path\":\"~a\"" (subseq url (search "/r" url))) text)
          (error "status ~a ~a" status text))
        (format t "ok ~a ~a~%" i status)))))

(loop for i from 1 to *count* do
  (handler-case (exchange i)
    (error (e)
      (incf *failed*)
      (format t "error ~a ~a~%" i (substitute #\Space #\Newline (princ-to-string e)))
      (when *stream* (ignore-errors (close *stream* :abort t)))
      (setf *stream* nil)))
  (finish-output)
  (when (= i 2) (setf *start* (open-fds)))
  (when (< i *count*) (sleep (/ *pause* 1000))))
(format t "fds ~a ~a~%" *start* (open-fds))
(finish-output)
(sb-ext:exit :code (if (zerop *failed*) 0 1) :abort t)
