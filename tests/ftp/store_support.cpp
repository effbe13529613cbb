#include "store_support.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iostream>

namespace store_test {

namespace fs = std::filesystem;

Place::Place(ftp::StoreOptions options) : options_(std::move(options)) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  clock_ = std::make_shared<std::atomic<std::int64_t>>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
  open_again();
}

void Place::open_again() {
  store_.reset();
  options_.now = [clock = clock_] { return clock->load(); };
  auto opened = ftp::open_directory_store(root().string(), options_);
  REQUIRE(problem(opened) == "");
  store_ = std::move(*opened);
}

void Place::open_again(const ftp::StoreOptions& options) {
  options_ = options;
  open_again();
}

std::vector<std::string> Place::files() const {
  std::vector<std::string> all;
  for (const auto& entry : fs::recursive_directory_iterator(root()))
    if (entry.is_regular_file() && !entry.is_symlink())
      all.push_back(entry.path().lexically_relative(root()).string());
  std::sort(all.begin(), all.end());
  return all;
}

std::size_t Place::on_their_way() const {
  const std::vector<std::string> all = files();
  return static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(),
                    [](const std::string& name) { return name.rfind(".incoming/", 0) == 0; }));
}

ftp::Result<ftp::Entry> put(ftp::Store& store, const Target& target, std::string_view bytes,
                            const ftp::Beginning& beginning, std::size_t piece) {
  auto writing = store.create(target, beginning);
  if (!writing) return tl::unexpected(writing.error());
  while (!bytes.empty()) {
    const auto now = bytes.substr(0, piece);
    if (const auto wrote = (*writing)->write(bytes_of(now)); !wrote)
      return tl::unexpected(wrote.error());
    bytes.remove_prefix(now.size());
  }
  return (*writing)->commit();
}

std::string read_all(ftp::Reading& reading) {
  std::string text(reading.entry().size, '\0');
  std::size_t at = 0;
  while (at < text.size()) {
    const ssize_t got =
        pread(reading.descriptor(), text.data() + at, text.size() - at, static_cast<off_t>(at));
    if (got <= 0) break;
    at += static_cast<std::size_t>(got);
  }
  text.resize(at);
  return text;
}

std::string get(ftp::Store& store, const Target& target) {
  auto reading = store.open(target);
  return reading ? read_all(**reading) : '<' + problem(reading) + '>';
}

std::string digest_of(std::string_view bytes, ftp::DigestKind kind) {
  ftp::Digester digester(kind);
  digester.update(bytes_of(bytes));
  return digester.so_far();
}

std::vector<std::string> names_in(ftp::Store& store, Type type) {
  const auto page = store.list(type, "", 100'000);
  if (!page) return {'<' + problem(page) + '>'};
  std::vector<std::string> names;
  for (const ftp::Entry& entry : *page) names.push_back(entry.target.name);
  return names;
}

SmallDisk::SmallDisk(std::size_t bytes) {
  static const bool alone = geteuid() == 0 && unshare(CLONE_NEWNS) == 0 &&
                            mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  mounted_ = alone && mount("none", path().c_str(), "tmpfs", 0,
                            ("size=" + std::to_string(bytes)).c_str()) == 0;
}

SmallDisk::~SmallDisk() {
  if (mounted_) umount2(path().c_str(), MNT_DETACH);
}

bool SmallDisk::make_read_only() const {
  return mount("none", path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) == 0;
}

void skipped(std::string_view why) {
  std::cout << "       skipped: " << why << std::endl;
}

}  // namespace store_test
