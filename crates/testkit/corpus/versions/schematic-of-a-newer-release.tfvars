# A driver that Talos 1.12 brought, for 1.11.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.11.5"
gpu_schematic_id = "07d2e0789ba25df7b83db46fde66fad289da2fed89e1fb498e08215816c65d7a"
#                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error schematic-release
#= gpu_schematic_id = null
