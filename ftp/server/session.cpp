#include "session.hpp"

namespace ftp::server {

void note_request(Call& call, std::string_view command, std::string_view what, const Error* error) {
  using Code = Error::Code;
  ++(error == nullptr ? call.services().answered : call.services().refused);
  Log& log = call.services().log;
  const bool is_ours =
      error != nullptr && (error->code == Code::system || error->code == Code::no_space ||
                           error->code == Code::read_only || error->code == Code::busy);
  if (!is_ours && !log.tells_info()) return;
  const std::string came =
      error == nullptr ? "ok"
                       : fmt::format("{} ({})", spelling(error->code), for_log(error->detail));
  const std::string line =
      fmt::format("{} {} {}: {}", call.peer(), for_log(command), for_log(what), came);
  if (is_ours)
    log.warn("{}", line);
  else
    log.info("{}", line);
}

namespace {

/// The last words to a caller whose stream cannot be read any further.
awaitable<void> tell_the_end(Call& call, bool version_2, const Error& error) {
  if (error.code == Error::Code::disconnected) co_return;
  const framing::Header told = error_header("error", 0, error);
  if (version_2)
    co_await call.send(told);
  else
    co_await tell_course(call, "error", error);
}

}  // namespace

awaitable<void> converse(std::shared_ptr<Call> call) {
  bool version_2 = false;
  call->services().log.info("{} connected", call->peer());
  for (;;) {
    const auto header = co_await call->next_header();
    if (header && *header == nullptr) break;
    Went went;
    if (!header) {
      went = tl::unexpected(header.error());
    } else {
      version_2 = is_version_2(**header);
      if (version_2)
        went = co_await answer_version_2(*call, **header);
      else
        went = co_await answer_course(*call, **header);
    }
    if (!went) {
      note_request(*call, "session", "", &went.error());
      co_await tell_the_end(*call, version_2, went.error());
      break;
    }
  }
  co_await call->hang_up();
  call->services().log.info("{} gone: {} bytes in, {} bytes out", call->peer(), call->bytes_in(),
                            call->bytes_out());
}

awaitable<void> turn_away(std::shared_ptr<Call> call) {
  const auto header = co_await call->next_header();
  if (header && *header != nullptr) {
    const Error busy{Error::Code::busy, "too many sessions"};
    const framing::Header& request = **header;
    note_request(*call, request.command, "", &busy);
    const auto id = request.others.find("id");
    const bool has_id = id != request.others.end() && id->is_number_unsigned();
    const framing::Header told =
        error_header(request.command, has_id ? id->get<std::uint64_t>() : 0, busy);
    if (is_version_2(request))
      co_await call->send(told);
    else
      co_await tell_course(*call, request.command, busy);
  }
  co_await call->hang_up();
}

}  // namespace ftp::server
