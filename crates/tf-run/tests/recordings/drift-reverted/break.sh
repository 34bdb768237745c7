#!/bin/sh
printf "edited by hand" > things/one
