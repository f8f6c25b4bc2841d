#!/bin/sh
# make-venv.sh PYTHON FOLDER: a virtual environment in FOLDER, unless there is a usable one.
set -eu
python=$1
folder=$2

[ -x "$folder/bin/pip" ] && "$folder/bin/python" -c '' 2>/dev/null && exit 0

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Python 3.11 or newer is needed; '$python' is not one." >&2
    echo "Name another with: make PYTHON=/path/to/python3.11 ..." >&2
    exit 1
fi
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    sh "$(dirname "$0")/need-packages.sh" python3-venv
fi
echo "Making a virtual environment in $folder ..."
rm -rf "$folder"
"$python" -m venv "$folder"
