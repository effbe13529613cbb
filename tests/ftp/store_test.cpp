// The store as readers and those who list see it; quota and limits.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "digest_cache.hpp"
#include "file_descriptor.hpp"
#include "store_support.hpp"

using namespace store_test;
namespace fs = std::filesystem;

namespace {

/// Bytes that this process has read so far, from wherever; nothing where the kernel does not count.
std::optional<std::uint64_t> bytes_read() {
  std::ifstream file("/proc/self/io");
  std::string label;
  std::uint64_t count = 0;
  if (file >> label >> count && label == "rchar:") return count;
  return std::nullopt;
}

}  // namespace

TEST_CASE("what_was_put_is_got") {
  for (const bool durable : {false, true}) {
    Place place({.durable = durable});
    ftp::Store& store = place.store();
    dialtone::Random random(dialtone::test_seed());
    for (const std::size_t size : {0U, 1U, 4096U, 300'000U}) {
      const std::string bytes = random.bytes(size);
      const Target target{Type::video, "v" + std::to_string(size)};
      const auto entry = put(store, target, bytes, {.size = size}, 7000);
      REQUIRE(problem(entry) == "");
      CHECK(entry->size == size);
      CHECK(get(store, target) == bytes);
      const auto stat = store.stat(target);
      REQUIRE(problem(stat) == "");
      CHECK(stat->size == size);
      CHECK(stat->modified == entry->modified);
      struct stat status {};
      REQUIRE(::stat((place.root() / "video" / target.name).c_str(), &status) == 0);
      CHECK(stat->modified ==
            std::int64_t{status.st_mtim.tv_sec} * 1000 + status.st_mtim.tv_nsec / 1'000'000);
      CHECK((status.st_mode & 0777U) == (0644U & ~[] {
              const mode_t mask = umask(0);
              umask(mask);
              return mask;
            }()));
    }
    CHECK(place.on_their_way() == 0);
  }
}

TEST_CASE("a_reader_sees_the_file_that_it_opened") {
  Place place;
  ftp::Store& store = place.store();
  const Target target{Type::file, "a"};
  REQUIRE(problem(put(store, target, "first")) == "");
  auto replaced = store.open(target);
  REQUIRE(problem(replaced) == "");
  REQUIRE(problem(put(store, target, "the second")) == "");
  auto removed = store.open(target);
  REQUIRE(problem(removed) == "");
  REQUIRE(problem(store.remove(target)) == "");
  CHECK(failed_as(store.open(target), Code::not_found));
  CHECK(read_all(**replaced) == "first");
  CHECK((*replaced)->entry().size == 5);
  CHECK(*(*replaced)->digest(ftp::DigestKind::xxh3_128) == digest_of("first"));
  CHECK(read_all(**removed) == "the second");
}

TEST_CASE("pages_go_through_all_names_in_the_order_of_bytes") {
  dialtone::Random random(dialtone::test_seed());
  Place place;
  ftp::Store& store = place.store();
  CHECK(names_in(store, Type::img).empty());
  std::vector<std::string> names;
  for (int i = 0; i < 200; ++i) {
    const std::string name = random.text(random.between(1, 6), "aB.z_ ~") + std::to_string(i);
    names.push_back(i % 9 == 0 ? "\u4f60" + name : name);
    REQUIRE(problem(put(store, {Type::img, names.back()}, name)) == "");
  }
  std::sort(names.begin(), names.end());
  fs::create_directory(place.root() / "img/aaa-folder");
  for (const std::size_t limit : {1U, 7U, 200U, 1000U}) {
    std::vector<std::string> listed;
    std::string after;
    for (;;) {
      const auto page = store.list(Type::img, after, limit);
      REQUIRE(problem(page) == "");
      REQUIRE(page->size() <= limit);
      for (const ftp::Entry& entry : *page) listed.push_back(entry.target.name);
      if (page->size() < limit) break;
      after = page->back().target.name;
    }
    CHECK(listed == names);
  }
  CHECK(store.list(Type::img, "", 0)->empty());
  CHECK(store.list(Type::video, "", 10)->empty());
}

TEST_CASE("a_rename_moves_between_types_and_replaces_only_when_asked") {
  Place place;
  ftp::Store& store = place.store();
  const Target a{Type::img, "a"};
  const Target b{Type::video, "b"};
  REQUIRE(problem(put(store, a, "aaaa")) == "");
  CHECK(problem(store.rename(a, b, false)) == "");
  CHECK(get(store, b) == "aaaa");
  REQUIRE(problem(put(store, a, "new")) == "");
  CHECK(failed_as(store.rename(a, b, false), Code::exists));
  CHECK(get(store, b) == "aaaa");
  CHECK(store.usage().used == 7);
  CHECK(problem(store.rename(a, b, true)) == "");
  CHECK(get(store, b) == "new");
  CHECK(failed_as(store.stat(a), Code::not_found));
  CHECK(store.usage().used == 3);
  CHECK(failed_as(store.rename(a, b, true), Code::not_found));
  CHECK(problem(store.rename(b, b, false)) == "");
  CHECK(get(store, b) == "new");
  fs::create_hard_link(place.root() / "video/b", place.root() / "video/twin");
  CHECK(problem(store.rename({Type::video, "twin"}, b, true)) == "");
  CHECK(names_in(store, Type::video) == std::vector<std::string>{"b"});
}

TEST_CASE("digests_are_those_of_the_standards") {
  CHECK(digest_of("") == "99aa06d3014798d86001c324468d497f");
  CHECK(digest_of("abc", ftp::DigestKind::sha_256) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  for (const auto kind : {ftp::DigestKind::xxh3_128, ftp::DigestKind::sha_256}) {
    dialtone::Random random(dialtone::test_seed());
    const std::string bytes = random.bytes(5000);
    ftp::Digester digester(kind);
    for (std::size_t at = 0; at < bytes.size();) {
      const auto piece = std::string_view(bytes).substr(at, random.between(1, 700));
      digester.update(bytes_of(piece));
      at += piece.size();
      REQUIRE(digester.so_far() == digest_of(std::string_view(bytes).substr(0, at), kind));
    }
  }
}

TEST_CASE("a_digest_is_remembered_until_the_file_changes") {
  Place place;
  ftp::Store& store = place.store();
  const Target target{Type::file, "a"};
  std::string bytes = dialtone::Random(dialtone::test_seed()).bytes(4 << 20U);
  REQUIRE(problem(put(store, target, bytes)) == "");
  auto reading = store.open(target);
  REQUIRE(problem(reading) == "");
  const auto read_for = [&](ftp::DigestKind kind) {
    const auto before = bytes_read();
    CHECK(*(*reading)->digest(kind) == digest_of(bytes, kind));
    return before ? *bytes_read() - *before : 0;
  };
  if (!bytes_read()) skipped("the kernel does not count what is read");
  CHECK(read_for(ftp::DigestKind::xxh3_128) < bytes.size());  // known since the upload
  read_for(ftp::DigestKind::sha_256);
  CHECK(read_for(ftp::DigestKind::sha_256) < bytes.size());

  // Somebody changes the file in place, and its size stays.
  bytes[100] = static_cast<char>(~bytes[100]);
  const std::string path = (place.root() / "file/a").string();
  const dialtone::FileDescriptor fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  REQUIRE(pwrite(fd.get(), &bytes[100], 1, 100) == 1);
  const timespec times[2] = {{1'700'000'000, 0}, {1'700'000'000, 0}};
  REQUIRE(futimens(fd.get(), times) == 0);
  read_for(ftp::DigestKind::xxh3_128);
  read_for(ftp::DigestKind::sha_256);
}

TEST_CASE("the_least_used_digest_is_forgotten_first") {
  ftp::DigestCache cache(2);
  const ftp::FileKey a{1, 1, 1, 1, 1, ftp::DigestKind::xxh3_128};
  const ftp::FileKey b{1, 2, 1, 1, 1, ftp::DigestKind::xxh3_128};
  const ftp::FileKey c{1, 1, 1, 1, 2, ftp::DigestKind::xxh3_128};
  cache.remember(a, "a");
  cache.remember(b, "b");
  CHECK(cache.find(a) == "a");
  cache.remember(c, "c");
  CHECK_FALSE(cache.find(b));
  CHECK(cache.find(a) == "a");
  CHECK(cache.find(c) == "c");
}

TEST_CASE("the_quota_is_exact_at_the_byte") {
  Place place({.quota = 10});
  ftp::Store& store = place.store();
  CHECK(failed_as(put(store, {Type::img, "a"}, "12345678901"), Code::no_space));
  CHECK(failed_as(put(store, {Type::img, "a"}, "", {.size = 11}), Code::no_space));
  CHECK(store.usage().used == 0);
  CHECK(problem(put(store, {Type::img, "a"}, "1234567890")) == "");
  CHECK(store.usage().used == 10);
  CHECK(failed_as(put(store, {Type::img, "b"}, "1"), Code::no_space));
  CHECK(problem(put(store, {Type::img, "b"}, "")) == "");
  CHECK(problem(store.remove({Type::img, "a"})) == "");
  CHECK(problem(put(store, {Type::video, "a"}, "123456")) == "");
  // A new file needs room of its own until the old one is gone.
  CHECK(failed_as(put(store, {Type::video, "a"}, "12345"), Code::no_space));
  CHECK(get(store, {Type::video, "a"}) == "123456");
  CHECK(problem(put(store, {Type::video, "a"}, "1234")) == "");
  CHECK(store.usage().used == 4);
  place.open_again();
  CHECK(place.store().usage().used == 4);
  CHECK(place.store().usage().quota == 10);
  CHECK(place.on_their_way() == 0);
}

TEST_CASE("reserved_room_is_given_back") {
  Place place({.quota = 100});
  ftp::Store& store = place.store();
  {
    auto writing = store.create({Type::img, "a"}, {.size = 90});
    REQUIRE(problem(writing) == "");
    CHECK(store.usage().used == 90);
    CHECK(failed_as(store.create({Type::img, "b"}, {.size = 11}), Code::no_space));
    CHECK(problem((*writing)->write(bytes_of("12345"))) == "");
    CHECK(store.usage().used == 90);
  }
  CHECK(store.usage().used == 0);
  CHECK(place.on_their_way() == 0);
  // Less came than was announced, and more.
  CHECK(problem(put(store, {Type::img, "a"}, "12", {.size = 90})) == "");
  CHECK(store.usage().used == 2);
  CHECK(problem(put(store, {Type::img, "b"}, "123456", {.size = 1})) == "");
  CHECK(store.usage().used == 8);
  {
    auto grown = store.create({Type::img, "c"}, {});
    REQUIRE(problem(grown) == "");
    CHECK(problem((*grown)->write(bytes_of(std::string(92, 'x')))) == "");
    CHECK(failed_as((*grown)->write(bytes_of("y")), Code::no_space));
    CHECK_FALSE((*grown)->write({}));  // after a failure only destruction is left
    CHECK_FALSE((*grown)->commit());
    CHECK_FALSE((*grown)->keep_partial());
  }
  CHECK(store.usage().used == 8);
}

TEST_CASE("room_that_people_made_by_hand_is_found") {
  Place place({.quota = 10});
  ftp::Store& store = place.store();
  REQUIRE(problem(put(store, {Type::img, "a"}, "1234567890")) == "");
  fs::remove(place.root() / "img/a");
  auto on_its_way = store.create({Type::img, "own"}, {});
  REQUIRE(problem(on_its_way) == "");
  place.seconds_pass(11);
  CHECK(problem(put(store, {Type::img, "b"}, "123456")) == "");
  CHECK(problem((*on_its_way)->write(bytes_of("1234"))) == "");
  CHECK(store.usage().used == 10);
}

TEST_CASE("the_largest_file_is_a_limit_of_its_own") {
  Place place({.largest = 5});
  ftp::Store& store = place.store();
  const Target target{Type::file, "a"};
  CHECK(failed_as(store.create(target, {.size = 6}), Code::too_large));
  CHECK(failed_as(put(store, target, "123456", {}, 1), Code::too_large));
  CHECK(failed_as(store.stat(target), Code::not_found));
  CHECK(problem(put(store, target, "12345", {.size = 5})) == "");
  CHECK(store.usage().used == 5);
  CHECK(store.usage().largest == 5);
}

TEST_CASE("more_than_the_disk_has_is_refused_before_the_first_byte") {
  Place place;
  ftp::Store& store = place.store();
  CHECK(store.usage().free > 0);
  for (const std::uint64_t size : {std::uint64_t{1} << 62U, ~std::uint64_t{0}})
    CHECK(failed_as(store.create({Type::file, "a"}, {.size = size}), Code::no_space));
  CHECK(store.usage().used == 0);
}

TEST_CASE("a_full_disk_is_told_and_leaves_nothing") {
  const SmallDisk disk(1 << 20U);
  if (!disk) return skipped("a small disk cannot be mounted by this user");
  auto opened = ftp::open_directory_store(disk.path().string(), {});
  REQUIRE(problem(opened) == "");
  ftp::Store& store = **opened;
  const Target target{Type::file, "a"};
  REQUIRE(problem(put(store, target, "old")) == "");
  const std::string large(2 << 20U, 'x');
  CHECK(failed_as(put(store, target, large, {.size = large.size()}), Code::no_space));
  const auto unknown = put(store, target, large);
  CHECK(problem(unknown) == "no-space: store file/a: No space left on device");
  CHECK(get(store, target) == "old");
  CHECK(fs::is_empty(disk.path() / ".incoming"));
  CHECK(store.usage().used == 3);
  CHECK(problem(put(store, target, large.substr(0, 500'000))) == "");
}

TEST_CASE("a_read_only_store_can_be_read") {
  const SmallDisk disk(1 << 20U);
  if (!disk) return skipped("a small disk cannot be mounted by this user");
  {
    auto opened = ftp::open_directory_store(disk.path().string(), {});
    REQUIRE(problem(opened) == "");
    REQUIRE(problem(put(**opened, {Type::img, "a"}, "a")) == "");
  }
  REQUIRE(disk.make_read_only());
  auto opened = ftp::open_directory_store(disk.path().string(), {});
  REQUIRE(problem(opened) == "");
  ftp::Store& store = **opened;
  CHECK(get(store, {Type::img, "a"}) == "a");
  CHECK(names_in(store, Type::img) == std::vector<std::string>{"a"});
  CHECK(names_in(store, Type::video).empty());
  CHECK(failed_as(put(store, {Type::img, "b"}, "b"), Code::read_only));
  CHECK(failed_as(put(store, {Type::video, "b"}, "b"), Code::read_only));
  CHECK(failed_as(store.remove({Type::img, "a"}), Code::read_only));
  CHECK(failed_as(store.rename({Type::img, "a"}, {Type::img, "b"}, true), Code::read_only));
  CHECK(store.usage().used == 1);
}

TEST_CASE("a_folder_without_rights_is_told_as_read_only") {
  if (geteuid() == 0) return skipped("everything is allowed to this user");
  Place place;
  ftp::Store& store = place.store();
  REQUIRE(problem(put(store, {Type::img, "a"}, "a")) == "");
  REQUIRE(chmod((place.root() / "img").c_str(), 0555) == 0);
  CHECK(failed_as(put(store, {Type::img, "b"}, "b"), Code::read_only));
  CHECK(failed_as(store.remove({Type::img, "a"}), Code::read_only));
  CHECK(get(store, {Type::img, "a"}) == "a");
  REQUIRE(chmod((place.root() / "img").c_str(), 0755) == 0);
}

TEST_CASE("a_folder_that_was_moved_away_is_made_anew") {
  Place place;
  ftp::Store& store = place.store();
  REQUIRE(problem(put(store, {Type::img, "a"}, "a")) == "");
  fs::rename(place.root() / "img", place.root() / "moved");
  CHECK(failed_as(store.open({Type::img, "a"}), Code::not_found));
  CHECK(problem(put(store, {Type::img, "b"}, "b")) == "");
  CHECK(names_in(store, Type::img) == std::vector<std::string>{"b"});
  fs::remove_all(place.root() / ".incoming");
  CHECK(problem(put(store, {Type::img, "c"}, "c")) == "");
}
