#!/bin/sh
rm things/one
