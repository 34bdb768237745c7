# A VMID with a zero in front.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
worker_template = "09000"
#                 ^^^^^^^ error template-form
#= worker_template = "9000"
