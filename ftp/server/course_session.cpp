// Version 1, the course's protocol, done right: see ftp/PROTOCOL.md.
#include <limits>

#include "behind.hpp"
#include "session.hpp"

namespace ftp::server {
namespace {

using framing::Header;

/// Bytes that are digested on the loop rather than handed to a worker.
constexpr std::size_t small_piece = 4096;

/// Reads the payload through its digest, which a worker makes while `take` has the same piece and
/// the next ones are received. Whether the digest fits the header.
template <class Take>
awaitable<Result<bool>> read_payload(Call& call, const Header& request, Take take) {
  framing::CourseDigest digest;
  Behind behind(call, co_await asio::this_coro::executor);
  for (;;) {
    const auto piece = co_await call.next_piece();
    co_await behind.rest(piece && !piece->empty() ? most_behind : 0);
    if (!piece) co_return tl::unexpected(piece.error());
    if (piece->empty()) break;
    take(*piece);
    if (piece->size() <= small_piece) {
      co_await behind.rest();
      digest.update(*piece);
      continue;
    }
    std::function<Result<void>()> work = [&digest, bytes = *piece] {
      digest.update(bytes);
      return Result<void>{};
    };
    co_await behind.follow(std::move(work));
  }
  co_return course::fits(request, digest.finish(course::salt_of(request)));
}

awaitable<Went> reply(Call& call, const Header& request, std::string_view payload) {
  Header header = course::header_for(request.command, payload);
  co_return co_await call.send(header, payload);
}

/// Logs an error and tells it; the conversation goes on.
awaitable<Went> refuse(Call& call, const Header& request, const Error& error) {
  note_request(call, request.command, request.file_name.value_or(""), &error);
  co_return co_await tell_course(call, request.command, error);
}

Error damaged(const Header& request) {
  return {Error::Code::damaged, request.command + ": the digest does not fit the payload"};
}

awaitable<Went> list(Call& call, const Header& request) {
  const Type type = type_named(request.file_type.value_or(""));
  const auto entries =
      call.services().store.list(type, "", std::numeric_limits<std::size_t>::max());
  if (!entries) co_return co_await refuse(call, request, entries.error());
  std::string names;
  for (const Entry& entry : *entries) {
    if (!names.empty()) names += ',';
    names += entry.target.name;
  }
  Header header = course::header_for(request.command, names);
  header.file_type = request.file_type.value_or("");
  note_request(call, request.command, folder_of(type), nullptr);
  co_return co_await call.send(header, names);
}

awaitable<Went> download(Call& call, const Header& request) {
  const Target target{type_named(request.file_type.value_or("")), request.file_name.value_or("")};
  const auto file = call.services().store.open(target);
  if (!file) co_return co_await refuse(call, request, file.error());
  CourseDigests& digests = call.services().course_digests;
  auto digest = digests.known(**file);
  if (!digest) {
    const auto made =
        co_await elsewhere(call.services().readers, [&] { return digests.made(**file); });
    if (!made) co_return co_await refuse(call, request, made.error());
    digest = *made;
  }
  Header header;
  header.command = request.command;
  header.data_length = (*file)->entry().size;
  header.file_type = request.file_type.value_or("");
  header.salt = digest->salt;
  header.encrypted = digest->encrypted;
  note_request(call, request.command, shown(target), nullptr);
  co_return co_await call.send_file(header, (*file)->descriptor(), 0);
}

/// What an upload proved of its file.
void learn(Services& services, const Target& target, const Writing& written,
           const Header& request) {
  const auto file = services.store.open(target);
  if (!file) return;
  services.course_digests.learn(**file, written.digest(),
                                {course::salt_of(request), *request.encrypted});
}

awaitable<Went> upload(Call& call, const Header& request) {
  const Target target{type_named(request.file_type.value_or("")), request.file_name.value_or("")};
  auto writing = call.services().store.create(target, {request.data_length, 0, ""});
  if (!writing) {
    if (const auto skipped = co_await call.skip_payload(); !skipped) co_return skipped;
    co_return co_await refuse(call, request, writing.error());
  }
  Result<void> written;
  const auto fits = co_await read_payload(call, request, [&](std::span<const std::byte> piece) {
    if (written) written = (*writing)->write(piece);
  });
  if (!fits) co_return tl::unexpected(fits.error());
  if (!written) co_return co_await refuse(call, request, written.error());
  const Error wrong = damaged(request);
  if (!*fits) co_return co_await refuse(call, request, wrong);
  const auto stored = co_await elsewhere(call.services().workers, [&] {
    auto entry = (*writing)->commit();
    if (entry) learn(call.services(), target, **writing, request);
    return entry;
  });
  if (!stored) co_return co_await refuse(call, request, stored.error());
  note_request(call, request.command, shown(target), nullptr);
  co_return co_await reply(call, request, course::uploaded_words(stored->target));
}

}  // namespace

awaitable<Went> tell_course(Call& call, std::string_view command, const Error& error) {
  std::string words(explain(error.code).zh);
  if (error.code == Error::Code::damaged) words = course::damaged_words;
  if (error.code == Error::Code::unknown_command) words = course::unknown_command_words(command);
  Header header = course::header_for(command, words);
  header.others["error"] = spelling(error.code);
  co_return co_await call.send(header, words);
}

awaitable<Went> answer_course(Call& call, const Header& request) {
  if (request.command == course::upload_command) co_return co_await upload(call, request);
  const bool is_list = request.command == course::list_command;
  if (!is_list && request.command != course::download_command) {
    if (const auto skipped = co_await call.skip_payload(); !skipped) co_return skipped;
    const Error unknown{Error::Code::unknown_command, request.command};
    co_return co_await refuse(call, request, unknown);
  }
  const auto fits = co_await read_payload(call, request, [](std::span<const std::byte>) {});
  if (!fits) co_return tl::unexpected(fits.error());
  const Error wrong = damaged(request);
  if (!*fits) co_return co_await refuse(call, request, wrong);
  if (is_list) co_return co_await list(call, request);
  co_return co_await download(call, request);
}

}  // namespace ftp::server
