# The gateway's address for a node.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
node_overrides = { k3s-dev-control-1 = { address = "192.168.1.1" } }
#                                                  ^^^^^^^^^^^^^ error address-taken
#= node_overrides = { k3s-dev-control-1 = { address = "192.168.1.2" } }
