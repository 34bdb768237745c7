# A start address that no machine can have.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
node_address_start = "224.0.0.1"
#                    ^^^^^^^^^^^ error address-reserved
#= node_address_start = "192.168.1.10"
