terraform {
  required_providers {
    awkward = { source = "terraform.local/example/awkward" }
  }
}
provider "awkward" {
  directory = "things"
}
resource "awkward_thing" "one" {
  name = "one"
  habit = "shuffled"
  items = ["b", "a"]
  lifecycle {
    ignore_changes = [items]
  }
}
