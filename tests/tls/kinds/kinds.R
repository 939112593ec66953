# SPDX-License-Identifier: MIT
# Three requests, the second by METHOD: kinds.R FOLDER PORT METHOD.
library(curl)
given <- commandArgs(trailingOnly = TRUE)
handle <- new_handle(cainfo = paste0(given[1], "/trusted.pem"))
for (i in 1:3) {
	Sys.sleep(0.025)
	if (i == 2 && given[3] == "POST") {
		handle_setopt(handle, copypostfields = "x")
	} else {
		handle_setopt(handle, httpget = TRUE)
	}
	answer <- tryCatch(
		rawToChar(curl_fetch_memory(paste0("https://localhost:", given[2], "/", i), handle)$content),
		error = function(e) "error\n")
	cat(answer)
}
