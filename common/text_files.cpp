#include "text_files.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "failure.hpp"
#include "language.hpp"

namespace dialtone {

namespace {

struct Close {
  void operator()(std::FILE* file) const {
    if (file != stdin) std::fclose(file);
  }
};
using File = std::unique_ptr<std::FILE, Close>;

constexpr std::size_t largest_text = std::size_t{16} << 20U;

std::string reason() {
  return tr(": ", "：") + std::strerror(errno);
}

}  // namespace

std::string read_text(const std::string& name) {
  const File file(name == "-" ? stdin : std::fopen(name.c_str(), "rbe"));
  if (!file) throw UsageFailure(tr("cannot read ", "无法读取 ") + name + reason());
  std::string text;
  char buffer[65536];
  while (const std::size_t count = std::fread(buffer, 1, sizeof buffer, file.get())) {
    text.append(buffer, count);
    if (text.size() > largest_text)
      throw UsageFailure(
          name + tr(": larger than 16 MiB, which no deck is", "：超过 16 MiB，不会是作业卡叠"));
  }
  if (std::ferror(file.get()) != 0)
    throw UsageFailure(tr("cannot read ", "无法读取 ") + name + reason());
  return text;
}

void write_text(const std::string& name, const std::string& text) {
  File file(std::fopen(name.c_str(), "wbe"));
  if (!file || std::fwrite(text.data(), 1, text.size(), file.get()) != text.size() ||
      std::fflush(file.get()) != 0)
    throw Failure(tr("cannot write ", "无法写入 ") + name + reason());
}

}  // namespace dialtone
