# A small network without a start address.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
cluster_network_cidr = "192.168.1.0/26"
#! error address-start-required
#+ node_address_start = "192.168.1.10"
