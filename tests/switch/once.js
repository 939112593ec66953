// SPDX-License-Identifier: MIT
// once.js URL: asks once, and prints the status or the error's code.
"use strict";
require("http")
  .get(process.argv[2], (response) => {
    response.resume();
    console.log(response.statusCode);
  })
  .on("error", (error) => console.log(error.code));
