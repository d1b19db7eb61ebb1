#!/bin/bash
# args: eth2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source "$here/files/tc-lib.sh"
IFACE=$1
root_htb 12
add_class 11 4mbit
add_class 12 2mbit 8mbit
leaf 11 12
