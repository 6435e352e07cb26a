#!/bin/sh
# One service of the shop: its CGI program behind busybox's httpd, on the loopback of this machine.
# usage: serve.sh front-end|cart|payment
# environment: SHOP_PORT, the front end's port; cart and payment have the two after it
here=$(dirname "$0")
case $1 in
  front-end) port=$SHOP_PORT ;;
  cart) port=$((SHOP_PORT + 1)) ;;
  payment) port=$((SHOP_PORT + 2)) ;;
  *) echo "usage: serve.sh front-end|cart|payment" >&2; exit 2 ;;
esac
exec httpd -f -p "127.0.0.1:$port" -h "$here/$1"
