#!/usr/bin/env bash
# Every silenced finding in the contracts has its reason in a comment on the line above.
set -euo pipefail
cd "$(dirname "$0")/.."

find contracts interfaces -name '*.sol' -print0 | xargs -0 awk '
    /(slither|solhint|prettier)-(disable|ignore)/ && previous !~ /^ *\/\// {
        print FILENAME ":" FNR ": say on the line above why this finding is accepted"
        bad = 1
    }
    !/(slither|solhint|prettier)-(disable|ignore)/ { previous = $0 }
    END { exit bad }'
