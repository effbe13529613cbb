#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <new>

#include "store.hpp"

namespace ftp {
namespace {

using namespace std::string_view_literals;

constexpr std::array picture_extensions{"jpg"sv, "jpeg"sv, "png"sv, "gif"sv, "bmp"sv, "svg"sv};
constexpr std::array video_extensions{"mp4"sv, "avi"sv,  "mov"sv, "wmv"sv, "mkv"sv,
                                      "flv"sv, "mpeg"sv, "mpg"sv, "vob"sv, "m4v"sv};
constexpr std::size_t longest_name = 255;  // bytes; NAME_MAX of Linux

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

tl::unexpected<Error> refused(const char* why) {
  return failure(Error::Code::bad_name, std::string("file name: ") + why);
}

bool is_a_folders_own(std::string_view name) {
  return name == "." || name == "..";
}

}  // namespace

std::string_view folder_of(Type type) {
  switch (type) {
    case Type::img:
      return "img";
    case Type::video:
      return "video";
    case Type::file:
      break;
  }
  return "file";
}

std::optional<Type> type_spelt(std::string_view text) {
  for (const Type type : {Type::img, Type::video, Type::file})
    if (text == folder_of(type)) return type;
  return std::nullopt;
}

Type type_named(std::string_view text) {
  return type_spelt(text).value_or(Type::file);
}

Type type_of_name(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return Type::file;
  std::string extension(name.substr(dot + 1));
  for (char& c : extension)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  const auto is_one_of = [&extension](const auto& list) {
    return std::find(list.begin(), list.end(), extension) != list.end();
  };
  if (is_one_of(picture_extensions)) return Type::img;
  if (is_one_of(video_extensions)) return Type::video;
  return Type::file;
}

Result<void> check_name(std::string_view name) {
  if (name.empty()) return refused("it is empty");
  if (name.size() > longest_name) return refused("it is longer than 255 bytes");
  if (is_a_folders_own(name)) return refused("\".\" and \"..\" are folders");
  for (std::size_t at = 0; at < name.size();) {
    utf8proc_int32_t point = 0;
    const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(name.data() + at);
    const auto length =
        utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(name.size() - at), &point);
    if (length <= 0) return refused("it is not valid UTF-8");
    if (point == '/') return refused("it holds a '/'");
    if (point == 0) return refused("it holds a NUL");
    if (point < 0x20 || (point >= 0x7f && point < 0xa0))  // C0, DEL, C1
      return refused("it holds a control character");
    at += static_cast<std::size_t>(length);
  }
  // Nothing composes to a '/' or to a dot in today's Unicode; should that change, it is refused.
  if (!is_ascii(name)) {
    const std::string composed = normalised(name);
    if (is_a_folders_own(composed) || composed.find('/') != std::string::npos)
      return refused("in NFC it is a path");
  }
  return {};
}

std::string normalised(std::string_view name) {
  if (is_ascii(name)) return std::string(name);
  utf8proc_uint8_t* composed = nullptr;
  const auto length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(name.data()),
                   static_cast<utf8proc_ssize_t>(name.size()), &composed,
                   static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)> owner(composed, &std::free);
  if (length == UTF8PROC_ERROR_NOMEM) throw std::bad_alloc();
  if (length < 0) return std::string(name);  // not UTF-8: equal to nothing but itself
  return {reinterpret_cast<const char*>(composed), static_cast<std::size_t>(length)};
}

std::string shown(const Target& target) {
  return std::string(folder_of(target.type)) + "/" + target.name;
}

}  // namespace ftp
