# A line that cannot be read, and mistakes in the others.
# terraform: own words
node = "pve"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
disk_pool = "local-lvm
#           ^ error syntax
#= disk_pool = "local-lvm"
worker_count = "2"
#              ^^^ error type-mismatch
#= worker_count = 2
cluster_cidr = "10.244.0.1/16"
#              ^^^^^^^^^^^^^^^ error cidr-host-bits
#= cluster_cidr = "10.244.0.0/16"
