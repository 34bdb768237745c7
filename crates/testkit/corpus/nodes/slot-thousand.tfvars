# Slot 1000 is beyond the range.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
workers = { builder = { slot = 1000, address = "192.168.1.60" } }
#                              ^^^^ error number-out-of-range
#= workers = { builder = { slot = 999, address = "192.168.1.60" } }
