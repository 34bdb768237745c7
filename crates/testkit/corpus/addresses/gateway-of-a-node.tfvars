# The gateway has the address of a node.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
talos_version = "v1.13.9"
network_gateway = "192.168.1.11"
#! error address-taken
