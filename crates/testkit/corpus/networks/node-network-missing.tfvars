# No node network.
# terraform: own words
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
#! error input-required
#+ cluster_network_cidr = "192.168.1.0/24"
