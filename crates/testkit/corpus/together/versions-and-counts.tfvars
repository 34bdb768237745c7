# Rules over several inputs, together.
# terraform: stops earlier
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
control_plane_count = 2
#                     ^ warning control-plane-even
#= control_plane_count = 3
kubernetes_version = "v1.30.0"
#                    ^^^^^^^^^ error version-pair
#= kubernetes_version = "v1.36.0"
cluster_vip = "192.168.1.1"
#             ^^^^^^^^^^^^^ error address-taken
#= cluster_vip = "192.168.1.10"
