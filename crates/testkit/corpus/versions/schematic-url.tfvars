# The address of the image in place of the schematic.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
gpu_schematic_id = "https://factory.talos.dev/image/376567988ad3"
#                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error schematic-form
#= gpu_schematic_id = null
