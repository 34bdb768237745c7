terraform {
  required_providers {
    awkward = { source = "terraform.local/example/awkward" }
  }
}
provider "awkward" {
  directory = "things"
}
module "below" {
  source   = "./below"
  for_each = toset(["a.b"])
}
