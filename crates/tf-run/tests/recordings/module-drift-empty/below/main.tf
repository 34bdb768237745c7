terraform {
  required_providers {
    awkward = { source = "terraform.local/example/awkward" }
  }
}
resource "awkward_thing" "one" {
  for_each = toset(["x"])
  name     = each.key
  habit    = "empty"
}
