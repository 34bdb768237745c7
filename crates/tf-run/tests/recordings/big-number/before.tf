resource "terraform_data" "big" {
  input = { number = 9007199254740993, text = "<\u00e9>" }
}
