# A VLAN beyond the range, for one node.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
node_overrides = { k3s-dev-control-1 = { network_vlan = 5000 } }
#                                                       ^^^^ error number-out-of-range
#= node_overrides = { k3s-dev-control-1 = { network_vlan = 20 } }
