#!/bin/sh
# SPDX-License-Identifier: MIT
# make_repository.sh DIR: a bare repository DIR/repo.git of 20 commits, each object a file of its
# own, as a plain web server would serve it.
set -e
export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@localhost GIT_AUTHOR_DATE='1000000000 +0000'
export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@localhost GIT_COMMITTER_DATE='1000000000 +0000'

git init -q -b main "$1/work"
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	echo "line $i" >>"$1/work/file"
	git -C "$1/work" add file
	git -C "$1/work" commit -q -m "commit $i"
done
cp -r "$1/work/.git" "$1/repo.git"
git -C "$1/repo.git" config core.bare true
git -C "$1/repo.git" update-server-info
