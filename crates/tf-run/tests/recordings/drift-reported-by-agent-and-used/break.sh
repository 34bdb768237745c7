#!/bin/sh
echo 192.0.2.7 > things/one.addresses
