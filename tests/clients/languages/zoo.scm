; SPDX-License-Identifier: MIT
; Guile's (web client), one port kept open; a new one after a failure. Called as every client is.
(use-modules (web client) (web response) (web uri) (ice-9 receive) (ice-9 ftw) (rnrs bytevectors))

(define args (cdr (command-line)))
(define base (list-ref args 0))
(define count (string->number (list-ref args 1)))
(define post? (string=? (list-ref args 2) "POST"))
(define pause (string->number (list-ref args 3)))
(define (open-fds) (- (length (scandir "/proc/self/fd")) 3))
(define port #f)
(define failed 0)
(define start 0)
(setvbuf (current-output-port) 'line)

(define (exchange i)
  (let* ((url (string->uri (format #f "~a-~a" base i)))
         (want (format #f "\"path\":\"~a\"" (uri-path url)))
         (headers (list (cons 'x-request-id (number->string i)))))
    (if (not port) (set! port (open-socket-for-uri url)))
    (receive (response body)
        (if post?
            (http-post url #:port port #:keep-alive? #t #:headers headers
                       #:body (format #f "payload-~a" i) #:decode-body? #f)
            (http-get url #:port port #:keep-alive? #t #:headers headers #:decode-body? #f))
      (if (not (string-contains (utf8->string body) want)) (error "wrong answer"))
      (format #t "ok ~a ~a\n" i (response-code response)))))

(do ((i 1 (+ i 1))) ((> i count))
  (catch #t
    (lambda () (exchange i))
    (lambda (key . rest)
      (set! failed (+ failed 1))
      (format #t "error ~a ~a ~s\n" i key rest)
      (if port (false-if-exception (close-port port)))
      (set! port #f)))
  (if (= i 2) (set! start (open-fds)))
  (if (< i count) (usleep (* 1000 pause))))
(format #t "fds ~a ~a\n" start (open-fds))
(exit (= failed 0))
