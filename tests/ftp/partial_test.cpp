// What is kept of interrupted uploads.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>

#include "file_descriptor.hpp"
#include "store_support.hpp"

using namespace store_test;
namespace fs = std::filesystem;

namespace {

const Target target{Type::video, "film.mp4"};

void keep(ftp::Store& store, std::string_view bytes, const std::string& account = "ann",
          const Target& of = target) {
  auto writing = store.create(of, {.account = account});
  REQUIRE(problem(writing) == "");
  REQUIRE(problem((*writing)->write(bytes_of(bytes))) == "");
  REQUIRE(problem((*writing)->keep_partial()) == "");
}

/// "" for none, else the length.
std::string kept(ftp::Store& store, const std::string& account = "ann", const Target& of = target) {
  const auto partial = store.partial(of, account);
  if (!partial) return problem(partial);
  return *partial ? std::to_string((*partial)->length) : "";
}

ftp::Result<std::unique_ptr<ftp::Writing>> resume(ftp::Store& store, std::uint64_t offset,
                                                  const std::string& account = "ann") {
  return store.create(target, {.offset = offset, .account = account});
}

fs::path kept_file(const Place& place) {
  for (const auto& entry : fs::directory_iterator(place.root() / ".incoming/kept"))
    return entry.path();
  FAIL("there is no partial");
  return {};
}

}  // namespace

TEST_CASE("a_resume_goes_on_from_the_partial") {
  for (const bool use_openat2 : {true, false}) {
    for (const bool again : {false, true}) {
      Place place({.durable = again, .use_openat2 = use_openat2});
      REQUIRE(problem(put(place.store(), target, "the old film")) == "");
      keep(place.store(), "hello ");
      CHECK(get(place.store(), target) == "the old film");
      if (again) place.open_again();
      ftp::Store& store = place.store();
      CHECK(store.usage().used == 18);
      const auto partial = store.partial(target, "ann");
      REQUIRE(problem(partial) == "");
      REQUIRE(*partial);
      CHECK((*partial)->length == 6);
      CHECK((*partial)->digest == digest_of("hello "));
      auto writing = store.create(target, {.size = 11, .offset = 6, .account = "ann"});
      REQUIRE(problem(writing) == "");
      CHECK(store.usage().used == 23);
      CHECK((*writing)->length() == 6);
      CHECK((*writing)->digest() == digest_of("hello "));
      CHECK(problem((*writing)->write(bytes_of("world"))) == "");
      const auto entry = (*writing)->commit();
      REQUIRE(problem(entry) == "");
      CHECK(entry->size == 11);
      CHECK(get(store, target) == "hello world");
      CHECK(store.usage().used == 11);
      CHECK(*(*store.open(target))->digest(ftp::DigestKind::xxh3_128) == digest_of("hello world"));
      CHECK(place.files() == std::vector<std::string>{"video/film.mp4"});
      struct stat status {};
      REQUIRE(::stat((place.root() / "video/film.mp4").c_str(), &status) == 0);
      CHECK((status.st_mode & 0400U) != 0);
    }
  }
}

TEST_CASE("another_offset_is_changed_and_the_partial_stays") {
  Place place;
  ftp::Store& store = place.store();
  CHECK(failed_as(resume(store, 5), Code::changed));
  keep(store, "12345");
  for (const std::uint64_t offset : {1U, 4U, 6U, 1000U})
    CHECK(failed_as(resume(store, offset), Code::changed));
  CHECK(failed_as(store.create(target, {.size = 4, .offset = 5, .account = "ann"}),
                  Code::bad_request));
  CHECK(kept(store) == "5");
  CHECK(store.usage().used == 5);
  CHECK(problem(resume(store, 5)) == "");
}

TEST_CASE("a_partial_is_its_accounts_alone") {
  Place place;
  ftp::Store& store = place.store();
  keep(store, "ann's", "ann");
  keep(store, "bob", "bob");
  CHECK(kept(store, "") == "");
  CHECK(failed_as(resume(store, 5, "bob"), Code::changed));
  CHECK(failed_as(resume(store, 5, ""), Code::changed));
  CHECK(kept(store, "ann") == "5");
  CHECK(kept(store, "bob") == "3");
  CHECK(kept(store, "ann", {Type::img, target.name}) == "");
  keep(store, "nobody's", "");
  CHECK(kept(store, "") == "8");
}

TEST_CASE("a_resume_uses_the_partial_up") {
  Place place;
  ftp::Store& store = place.store();
  keep(store, "12345");
  {
    auto writing = resume(store, 5);
    REQUIRE(problem(writing) == "");
    CHECK(kept(store) == "");
    CHECK(failed_as(resume(store, 5), Code::changed));
    CHECK(store.usage().used == 5);
  }
  CHECK(kept(store) == "");
  CHECK(store.usage().used == 0);
  CHECK(place.on_their_way() == 0);
}

TEST_CASE("of_two_resumes_at_once_one_gets_the_partial") {
  Place place;
  ftp::Store& store = place.store();
  for (int round = 0; round < 30; ++round) {
    keep(store, "12345");
    std::atomic<int> got{0};
    std::atomic<int> refused{0};
    const auto caller = [&] {
      auto writing = resume(store, 5);
      if (writing && (*writing)->write(bytes_of("6")) && (*writing)->length() == 6) ++got;
      if (failed_as(writing, Code::changed)) ++refused;
    };
    std::thread one(caller);
    std::thread two(caller);
    one.join();
    two.join();
    // Both, one after the other, cannot be: what was not kept again is gone.
    REQUIRE(got == 1);
    REQUIRE(refused == 1);
  }
}

TEST_CASE("a_resume_can_be_interrupted_again") {
  Place place;
  ftp::Store& store = place.store();
  keep(store, "12345");
  for (std::uint64_t length = 5; length < 9; ++length) {
    auto writing = resume(store, length);
    REQUIRE(problem(writing) == "");
    REQUIRE(problem((*writing)->write(bytes_of("x"))) == "");
    REQUIRE(problem((*writing)->keep_partial()) == "");
    CHECK_FALSE((*writing)->keep_partial());
  }
  CHECK(kept(store) == "9");
  CHECK(store.usage().used == 9);
  CHECK(place.on_their_way() == 1);
}

TEST_CASE("the_last_partial_is_the_one_that_is_kept") {
  Place place;
  ftp::Store& store = place.store();
  keep(store, "a longer one");
  keep(store, "short");
  CHECK(kept(store) == "5");
  keep(store, "short");  // in the same millisecond: the very same file
  CHECK(kept(store) == "5");
  keep(store, "");  // nothing came: the earlier part is still good
  CHECK(kept(store) == "5");
  CHECK(store.usage().used == 5);
  CHECK(place.on_their_way() == 1);
}

TEST_CASE("a_partial_is_of_the_name_in_every_spelling") {
  Place place;
  ftp::Store& store = place.store();
  const Target composed{Type::file, "\u00e9"};
  const Target decomposed{Type::file, "e\u0301"};
  keep(store, "12345", "ann", composed);
  CHECK(kept(store, "ann", decomposed) == "5");
  CHECK(problem(put(store, decomposed, "x")) == "");
  CHECK(kept(store, "ann", composed) == "");
}

TEST_CASE("a_partial_that_was_tampered_with_is_changed") {
  Place place;
  ftp::Store& store = place.store();
  keep(store, "12345");
  {
    const int fd = ::open(kept_file(place).c_str(), O_WRONLY | O_CLOEXEC);
    const dialtone::FileDescriptor owner(fd);
    REQUIRE(pwrite(fd, "X", 1, 2) == 1);
  }
  CHECK(failed_as(resume(store, 5), Code::changed));
  CHECK(kept(store) == "");  // it would never fit: it is not offered again
  keep(store, "12345");
  fs::resize_file(kept_file(place), 3);
  CHECK(kept(store) == "");
  CHECK(failed_as(resume(store, 5), Code::changed));
  keep(store, "12345");
  const fs::path path = kept_file(place);
  fs::remove(path);
  fs::create_symlink("/etc/passwd", path);
  CHECK(kept(store) == "");
  CHECK(failed_as(resume(store, 5), Code::changed));
  CHECK(place.on_their_way() == 0);
}

TEST_CASE("a_partial_is_kept_for_24_hours") {
  Place place;
  keep(place.store(), "12345");
  place.hours_pass(24);
  CHECK(kept(place.store()) == "5");
  place.open_again();
  CHECK(kept(place.store()) == "5");
  place.seconds_pass(1);
  CHECK(failed_as(resume(place.store(), 5), Code::changed));
  CHECK(kept(place.store()) == "");
  CHECK(place.store().usage().used == 0);
  CHECK(place.on_their_way() == 0);
}

TEST_CASE("replacing_the_file_drops_everybodys_partials") {
  Place place;
  ftp::Store& store = place.store();
  const Target other{Type::video, "other.mp4"};
  const auto keep_all = [&] {
    keep(store, "12345", "ann");
    keep(store, "123", "");
    keep(store, "1234", "ann", other);
  };
  const auto dropped = [&] {
    return kept(store) == "" && kept(store, "") == "" && kept(store, "ann", other) == "4";
  };
  keep_all();
  REQUIRE(problem(put(store, target, "x", {.account = "bob"})) == "");
  CHECK(dropped());
  CHECK(store.usage().used == 5);
  keep_all();
  REQUIRE(problem(store.remove(target)) == "");
  CHECK(dropped());
  keep_all();
  REQUIRE(problem(put(store, {Type::img, "from"}, "x")) == "");
  REQUIRE(problem(store.rename({Type::img, "from"}, target, false)) == "");
  CHECK(dropped());
}

TEST_CASE("a_start_removes_only_what_expired") {
  Place place;
  keep(place.store(), "old");
  auto other_server = ftp::open_directory_store(place.root().string(), {});
  REQUIRE(problem(other_server) == "");
  auto on_its_way = (*other_server)->create({Type::file, "on its way"}, {});
  REQUIRE(problem(on_its_way) == "");
  REQUIRE(problem((*on_its_way)->write(bytes_of("1234567"))) == "");
  place.hours_pass(23);
  keep(place.store(), "young", "bob");
  place.open_again();
  CHECK(place.on_their_way() == 3);
  CHECK(place.store().usage().used == 15);
  place.hours_pass(2);
  place.open_again();
  CHECK(place.on_their_way() == 1);
  CHECK(kept(place.store(), "ann") == "");
  CHECK(kept(place.store(), "bob") == "5");
  CHECK(place.store().usage().used == 5);
  // What the files are called that people keep there is no matter.
  CHECK(problem(put(place.store(), {Type::file, "1.2"}, "kept")) == "");
  place.hours_pass(100);
  place.open_again();
  CHECK(place.files() == std::vector<std::string>{"file/1.2"});
}

TEST_CASE("partials_count_in_the_quota") {
  Place place({.quota = 10});
  ftp::Store& store = place.store();
  keep(store, "123456");
  CHECK(failed_as(put(store, {Type::img, "a"}, "12345"), Code::no_space));
  CHECK(
      failed_as(store.create(target, {.size = 11, .offset = 6, .account = "ann"}), Code::no_space));
  CHECK(kept(store) == "6");
  auto writing = store.create(target, {.size = 10, .offset = 6, .account = "ann"});
  REQUIRE(problem(writing) == "");
  CHECK(store.usage().used == 10);
  CHECK(problem((*writing)->write(bytes_of("7890"))) == "");
  CHECK(problem((*writing)->commit()) == "");
  CHECK(store.usage().used == 10);
}
