# A number wider than any machine type.
node = "pve"
disk_pool = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
vmid_start = 123456789012345678901234567890
#            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ error number-not-whole
#= vmid_start = 8000
