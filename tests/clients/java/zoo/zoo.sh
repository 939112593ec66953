#!/bin/sh
# SPDX-License-Identifier: MIT
# The Java clients of the zoo, with a short start: zoo.sh NAME,NAME... and what every client takes.
home=$(dirname "$0")/../../../../build/tests/zoo/java
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp "$home:$home/lib/*" \
	-Dslf4j.provider=org.slf4j.helpers.NOP_FallbackServiceProvider \
	-Dorg.springframework.boot.logging.LoggingSystem=none Zoo "$@"
