# An address of a node in another network.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
node_overrides = { k3s-dev-control-1 = { address = "192.168.2.42" } }
#                                                  ^^^^^^^^^^^^^^ error address-outside-network
#= node_overrides = { k3s-dev-control-1 = { address = "192.168.1.42" } }
