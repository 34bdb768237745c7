# A schematic in capitals.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
talos_schematic_id = "376567988AD370138AD8B2698212367B8EDCB69B5FD68C80BE1F2EC7D603B4BA"
#                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error schematic-form
#= talos_schematic_id = "376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba"
