# A bridge with a VLAN tag.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
network_bridge = "vmbr0,tag=20"
#                ^^^^^^^^^^^^^^ error bridge-form
#= network_bridge = "vmbr0"
