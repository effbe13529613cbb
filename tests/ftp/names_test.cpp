// Names: what can be one, which are the same, what they reach.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <barrier>
#include <thread>

#include "beneath.hpp"
#include "file_descriptor.hpp"
#include "store_support.hpp"

using namespace store_test;
using dialtone::FileDescriptor;
namespace fs = std::filesystem;

namespace {

const std::string composed = "caf\u00e9.txt";
const std::string decomposed = "cafe\u0301.txt";

bool is_refused(std::string_view name) {
  return failed_as(ftp::check_name(name), Code::bad_name);
}

std::string nested(std::string_view text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

}  // namespace

TEST_CASE("a_name_is_one_component_of_text") {
  for (const std::string_view name :
       {"a", "a.png", ".hidden", "...", "..a", "two words", "a,b", "back\\slash",
        "\u4f60\u597d.mp4", "\U0001f600", "-rf", "~", "*"}) {
    INFO(name);
    CHECK(problem(ftp::check_name(name)) == "");
  }
  for (const std::string_view name :
       {"", ".", "..", "/", "a/b", "../a", "/etc/passwd", "a/", "a/.."}) {
    INFO(name);
    CHECK(is_refused(name));
  }
}

TEST_CASE("a_name_holds_no_control_character") {
  using namespace std::string_view_literals;
  CHECK(is_refused("a\0b"sv));
  CHECK(is_refused("\0"sv));
  for (int c = 1; c < 0x20; ++c) CHECK(is_refused(std::string("a") + static_cast<char>(c)));
  CHECK(is_refused("a\x7f"));
  CHECK(is_refused("a\u0080"));
  CHECK(is_refused("a\u009f"));
  CHECK(problem(ftp::check_name("a\u00a0")) == "");
}

TEST_CASE("a_name_has_at_most_255_bytes") {
  CHECK(problem(ftp::check_name(std::string(255, 'a'))) == "");
  CHECK(is_refused(std::string(256, 'a')));
  CHECK(problem(ftp::check_name(nested("\u4f60", 85))) == "");
  CHECK(is_refused(nested("\u4f60", 85) + "a"));
  Place place;
  const Target longest{Type::img, nested("\u4f60", 85)};
  CHECK(problem(put(place.store(), longest, "x")) == "");
  CHECK(get(place.store(), longest) == "x");
}

TEST_CASE("a_name_is_valid_utf_8") {
  for (const std::string_view name : {"a\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
                                      "\xf5\x80\x80\x80", "\xff", "\xc0\xae\xc0\xae", "a\xe4\xbd"})
    CHECK(is_refused(name));
}

TEST_CASE("every_call_refuses_a_bad_name") {
  Place place;
  ftp::Store& store = place.store();
  const Target good{Type::img, "good"};
  REQUIRE(problem(put(store, good, "x")) == "");
  for (const std::string& name :
       {std::string(".."), std::string("../img/good"), std::string("a\0b", 3),
        std::string("/etc/passwd"), std::string("\xff"), std::string()}) {
    const Target bad{Type::img, name};
    CHECK(failed_as(store.stat(bad), Code::bad_name));
    CHECK(failed_as(store.open(bad), Code::bad_name));
    CHECK(failed_as(store.create(bad, {}), Code::bad_name));
    CHECK(failed_as(store.partial(bad, ""), Code::bad_name));
    CHECK(failed_as(store.remove(bad), Code::bad_name));
    CHECK(failed_as(store.rename(good, bad, true), Code::bad_name));
    CHECK(failed_as(store.rename(bad, good, true), Code::bad_name));
  }
  CHECK(place.files() == std::vector<std::string>{"img/good"});
}

TEST_CASE("a_type_is_told_by_header_or_extension") {
  CHECK(ftp::type_named("img") == Type::img);
  CHECK(ftp::type_named("video") == Type::video);
  for (const std::string_view text : {"file", "", "IMG", "..", "else"})
    CHECK(ftp::type_named(text) == Type::file);
  for (const std::string_view name : {"a.jpg", "a.JPEG", "b.png", "a.b.gif", ".bmp", "x.SvG"})
    CHECK(ftp::type_of_name(name) == Type::img);
  for (const std::string_view name :
       {"a.mp4", "a.avi", "a.mov", "a.wmv", "a.mkv", "a.flv", "a.mpeg", "a.MPG", "a.vob", "a.m4v"})
    CHECK(ftp::type_of_name(name) == Type::video);
  for (const std::string_view name : {"jpg", "a.txt", "a.jpg.gz", "a.", "", "a.jpgx"})
    CHECK(ftp::type_of_name(name) == Type::file);
  CHECK(ftp::shown({Type::video, "a.mp4"}) == "video/a.mp4");
}

TEST_CASE("a_name_never_leaves_the_root") {
  for (const bool use_openat2 : {true, false}) {
    INFO("openat2: " << use_openat2);
    Place outside;
    dialtone::write_file(outside.root() / "secret", "secret");
    Place place({.use_openat2 = use_openat2});
    ftp::Store& store = place.store();
    REQUIRE(problem(put(store, {Type::img, "own"}, "own")) == "");
    fs::create_symlink(outside.root() / "secret", place.root() / "img/link");
    fs::create_symlink("own", place.root() / "img/inner");
    fs::create_symlink(outside.root(), place.root() / "img/folder-link");
    const Target link{Type::img, "link"};
    CHECK(failed_as(store.open(link), Code::not_found));
    CHECK(failed_as(store.stat(link), Code::not_found));
    CHECK(failed_as(store.remove(link), Code::not_found));
    CHECK(failed_as(store.rename(link, {Type::img, "x"}, true), Code::not_found));
    CHECK(failed_as(store.open({Type::img, "inner"}), Code::not_found));
    CHECK(failed_as(store.open({Type::img, "folder-link"}), Code::not_found));
    CHECK(names_in(store, Type::img) == std::vector<std::string>{"own"});
    // A put takes the link's place; what it pointed to stays as it was.
    CHECK(problem(put(store, link, "mine")) == "");
    CHECK(get(store, link) == "mine");
    CHECK_FALSE(fs::is_symlink(place.root() / "img/link"));
    CHECK(dialtone::read_file(outside.root() / "secret") == "secret");
    CHECK(outside.files() == std::vector<std::string>{"secret"});
  }
}

TEST_CASE("opening_never_follows_a_link") {
  for (const bool use_openat2 : {true, false}) {
    INFO("openat2: " << use_openat2);
    dialtone::TemporaryFolder folder;
    dialtone::write_file(folder.path() / "own", "own");
    fs::create_symlink("own", folder.path() / "link");
    fs::create_directory_symlink(".", folder.path() / "folder-link");
    const ftp::Root root(FileDescriptor(open(folder.path().c_str(), O_PATH | O_CLOEXEC)),
                         use_openat2, false);
    const auto opens = [&root](const char* name, int flags) {
      return static_cast<bool>(FileDescriptor(root.open_in(root.descriptor(), name, flags)));
    };
    CHECK(opens("own", O_RDONLY));
    CHECK_FALSE(opens("link", O_RDONLY));
    CHECK_FALSE(opens("link", O_WRONLY | O_CREAT));
    CHECK_FALSE(opens("folder-link", O_RDONLY | O_DIRECTORY));
  }
}

TEST_CASE("a_linked_folder_is_refused") {
  for (const bool use_openat2 : {true, false}) {
    INFO("openat2: " << use_openat2);
    Place outside;
    dialtone::write_file(outside.root() / "a", "secret");
    Place place({.use_openat2 = use_openat2});
    ftp::Store& store = place.store();
    REQUIRE(problem(put(store, {Type::img, "a"}, "own")) == "");
    fs::rename(place.root() / "img", place.root() / "moved");
    fs::create_directory_symlink(outside.root(), place.root() / "img");
    const Target target{Type::img, "a"};
    CHECK(failed_as(store.open(target), Code::system));
    CHECK(failed_as(store.stat(target), Code::system));
    CHECK(failed_as(store.list(Type::img, "", 10), Code::system));
    CHECK(failed_as(put(store, target, "x"), Code::system));
    CHECK(failed_as(store.remove(target), Code::system));
    fs::create_directory_symlink(outside.root(), place.root() / "video");
    CHECK(failed_as(put(store, {Type::video, "b"}, "x"), Code::system));
    CHECK(problem(put(store, {Type::file, "b"}, "x")) == "");
    CHECK(failed_as(store.rename({Type::file, "b"}, {Type::video, "b"}, true), Code::system));
    fs::rename(place.root() / ".incoming", place.root() / "was-incoming");
    fs::create_directory_symlink(outside.root(), place.root() / ".incoming");
    CHECK(failed_as(put(store, {Type::file, "c"}, "x"), Code::system));
    place.open_again();
    CHECK(outside.files() == std::vector<std::string>{"a"});
    CHECK(dialtone::read_file(outside.root() / "a") == "secret");
  }
}

TEST_CASE("what_is_no_regular_file_is_not_found") {
  for (const bool use_openat2 : {true, false}) {
    INFO("openat2: " << use_openat2);
    Place place({.use_openat2 = use_openat2});
    ftp::Store& store = place.store();
    fs::create_directories(place.root() / "file/folder");
    REQUIRE(mkfifo((place.root() / "file/fifo").c_str(), 0600) == 0);
    for (const char* name : {"folder", "fifo"}) {
      const Target target{Type::file, name};
      CHECK(failed_as(store.open(target), Code::not_found));  // and does not wait for a writer
      CHECK(failed_as(store.stat(target), Code::not_found));
      CHECK(failed_as(store.remove(target), Code::not_found));
    }
    CHECK(failed_as(store.create({Type::file, "folder"}, {}), Code::system));
    CHECK(names_in(store, Type::file).empty());
    CHECK(fs::is_directory(place.root() / "file/folder"));
  }
}

TEST_CASE("the_root_must_be_a_folder") {
  dialtone::TemporaryFolder folder;
  CHECK(
      failed_as(ftp::open_directory_store((folder.path() / "none").string(), {}), Code::not_found));
  dialtone::write_file(folder.path() / "file", "");
  const auto none = ftp::open_directory_store((folder.path() / "file").string(), {});
  CHECK_FALSE(none);
  CHECK(none.error().detail.find('\n') == std::string::npos);
}

TEST_CASE("names_of_one_nfc_are_one_name") {
  CHECK(ftp::normalised(decomposed) == composed);
  CHECK(ftp::normalised("K") == "K");
  for (const bool composed_first : {true, false}) {
    INFO("composed first: " << composed_first);
    const std::string first = composed_first ? composed : decomposed;
    const std::string second = composed_first ? decomposed : composed;
    Place place;
    ftp::Store& store = place.store();
    REQUIRE(problem(put(store, {Type::file, first}, "one")) == "");
    CHECK(get(store, {Type::file, second}) == "one");
    const auto entry = put(store, {Type::file, second}, "two");
    REQUIRE(problem(entry) == "");
    CHECK(entry->target.name == first);
    CHECK(get(store, {Type::file, first}) == "two");
    CHECK(names_in(store, Type::file) == std::vector<std::string>{first});
    CHECK(store.usage().used == 3);
    CHECK(problem(store.rename({Type::file, first}, {Type::file, second}, false)) == "");
    CHECK(names_in(store, Type::file) == std::vector<std::string>{first});
    CHECK(problem(store.remove({Type::file, second})) == "");
    CHECK(failed_as(store.stat({Type::file, first}), Code::not_found));
    CHECK(store.usage().used == 0);
  }
}

TEST_CASE("a_spelling_that_is_neither_composed_nor_decomposed_is_found") {
  // Canonical order is dot below (U+0323) before dot above (U+0307).
  const std::string unordered = "q\u0307\u0323";
  const std::string ordered = "q\u0323\u0307";
  const std::string kelvin = "\u212a.txt";  // KELVIN SIGN, which is 'K' in NFC: ASCII is not safe
  Place place;
  ftp::Store& store = place.store();
  REQUIRE(problem(put(store, {Type::img, unordered}, "q")) == "");
  REQUIRE(problem(put(store, {Type::img, kelvin}, "k")) == "");
  CHECK(get(store, {Type::img, ordered}) == "q");
  CHECK(get(store, {Type::img, "K.txt"}) == "k");
  CHECK(problem(put(store, {Type::img, "K.txt"}, "other")) == "");
  CHECK(names_in(store, Type::img) == std::vector<std::string>{unordered, kelvin});
  // Put there by hand, after the folder was read; and taken out again.
  dialtone::write_file(place.root() / "img" / decomposed, "by hand");
  CHECK(get(store, {Type::img, composed}) == "by hand");
  fs::remove(place.root() / "img" / decomposed);
  CHECK(failed_as(store.open({Type::img, composed}), Code::not_found));
  CHECK(problem(store.rename({Type::img, "K.txt"}, {Type::video, "K"}, false)) == "");
  CHECK(failed_as(store.stat({Type::img, kelvin}), Code::not_found));
  CHECK(get(store, {Type::video, "\u212a"}) == "other");
}

TEST_CASE("two_first_puts_of_two_spellings_leave_one_file") {
  Place place;
  ftp::Store& store = place.store();
  for (int round = 0; round < 60; ++round) {
    const std::string number = std::to_string(round);
    std::barrier start(2);
    std::atomic<int> done{0};
    const auto writer = [&](const std::string& name) {
      auto writing = store.create({Type::file, number + name}, {});
      if (!writing || !(*writing)->write(bytes_of(name))) return;
      start.arrive_and_wait();
      if ((*writing)->commit()) ++done;
    };
    std::thread one(writer, composed);
    std::thread two(writer, decomposed);
    one.join();
    two.join();
    REQUIRE(done == 2);
    REQUIRE(names_in(store, Type::file).size() == static_cast<std::size_t>(round) + 1);
  }
}

TEST_CASE("names_put_in_by_hand_that_nobody_can_use_are_not_listed") {
  Place place;
  fs::create_directory(place.root() / "img");
  for (const char* name : {"line\nbreak", "\xff", "good", ".hidden"})
    dialtone::write_file(place.root() / "img" / name, "");
  CHECK(names_in(place.store(), Type::img) == std::vector<std::string>{".hidden", "good"});
}
