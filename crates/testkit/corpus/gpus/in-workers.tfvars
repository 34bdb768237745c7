# A GPU in the map of plain workers.
# terraform: drops
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
workers = { worker-1 = { gpus = [{ mapping = "gpu0" }] } }
#                        ^^^^ error attribute-unknown
#= workers = { worker-1 = {} }
