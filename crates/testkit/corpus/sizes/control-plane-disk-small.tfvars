# 9 where 10 is the edge of what works.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
control_plane_disk_gb = 9
#                       ^ error below-talos-minimum
#= control_plane_disk_gb = 10
