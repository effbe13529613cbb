#include "json_compiled.hpp"

template class nlohmann::basic_json<>;

nlohmann::json json_of_literal(const char* text, std::size_t length) {
  return nlohmann::json::parse(text, text + length);
}

nlohmann::json_pointer<std::string> json_pointer_of_literal(const char* text, std::size_t length) {
  return nlohmann::json::json_pointer(std::string(text, length));
}
