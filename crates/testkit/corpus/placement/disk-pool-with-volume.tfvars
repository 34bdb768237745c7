# A storage and a volume.
node = "pve"
control_plane_template = "talos-v1.13-nocloud"
cluster_network_cidr = "192.168.1.0/24"
network_gateway = "192.168.1.1"
talos_version = "v1.13.9"
disk_pool = "local-lvm:vm-disks"
#           ^^^^^^^^^^^^^^^^^^^^ error storage-form
#= disk_pool = "local-lvm"
