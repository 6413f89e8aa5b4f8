#pragma once

namespace ringmaster::metric {

// Every metric of the gateway, in the order of docs/metrics.md. Names end in their unit.

inline constexpr auto kRequests = "ringmaster_requests_total";
inline constexpr auto kRequestEnds = "ringmaster_request_ends_total";
inline constexpr auto kRequestsInFlight = "ringmaster_requests_in_flight";
inline constexpr auto kPromptTokens = "ringmaster_prompt_tokens_total";
inline constexpr auto kOutputTokens = "ringmaster_output_tokens_total";
inline constexpr auto kTtft = "ringmaster_ttft_seconds";
inline constexpr auto kItl = "ringmaster_itl_seconds";
inline constexpr auto kE2e = "ringmaster_e2e_seconds";
inline constexpr auto kQueueTime = "ringmaster_queue_time_seconds";
inline constexpr auto kOverhead = "ringmaster_overhead_seconds";
inline constexpr auto kTtftSlo = "ringmaster_ttft_slo_total";

inline constexpr auto kHeld = "ringmaster_held_requests";
inline constexpr auto kDispatched = "ringmaster_dispatched_requests";
inline constexpr auto kMoves = "ringmaster_moves_total";
inline constexpr auto kRetries = "ringmaster_retries_total";
inline constexpr auto kDecisions = "ringmaster_decisions_total";
inline constexpr auto kIndexBlocks = "ringmaster_index_blocks";
inline constexpr auto kMeanFreeness = "ringmaster_mean_freeness_steps";
inline constexpr auto kMirrorCorrections = "ringmaster_mirror_corrections_total";
inline constexpr auto kPrefetchOrders = "ringmaster_prefetch_orders_total";
inline constexpr auto kShadowDecisions = "ringmaster_shadow_decisions_total";
inline constexpr auto kShadowDiffering = "ringmaster_shadow_differing_total";
inline constexpr auto kShadowCached = "ringmaster_shadow_expected_cached_tokens_total";
inline constexpr auto kShadowTtft = "ringmaster_shadow_expected_ttft_seconds_total";
inline constexpr auto kShadowFailed = "ringmaster_shadow_failed";
inline constexpr auto kMembershipDigest = "ringmaster_membership_digest";

inline constexpr auto kInstanceHealth = "ringmaster_instance_health";
inline constexpr auto kInstanceDraining = "ringmaster_instance_draining";
inline constexpr auto kInstanceHeld = "ringmaster_instance_held_requests";
inline constexpr auto kInstancePrefilling = "ringmaster_instance_prefilling_requests";
inline constexpr auto kInstanceDecoding = "ringmaster_instance_decoding_requests";
inline constexpr auto kInstanceHeldTokens = "ringmaster_instance_held_tokens";
inline constexpr auto kInstanceSentTokens = "ringmaster_instance_sent_tokens";
inline constexpr auto kInstanceForeignRequests = "ringmaster_instance_foreign_requests";
inline constexpr auto kInstanceForeignTokens = "ringmaster_instance_foreign_tokens";
inline constexpr auto kInstanceAttempts = "ringmaster_instance_attempts_total";
inline constexpr auto kInstanceFailures = "ringmaster_instance_failures_total";
inline constexpr auto kInstanceHealthChanges = "ringmaster_instance_health_changes_total";
inline constexpr auto kInstanceExpectedCached = "ringmaster_instance_expected_cached_tokens_total";
inline constexpr auto kInstanceActualCached = "ringmaster_instance_actual_cached_tokens_total";
inline constexpr auto kInstanceKvUsage = "ringmaster_instance_kv_usage";
inline constexpr auto kInstanceRunning = "ringmaster_instance_reported_running_requests";
inline constexpr auto kInstanceWaiting = "ringmaster_instance_reported_waiting_requests";
inline constexpr auto kInstanceKvStreamsLost = "ringmaster_instance_kv_streams_lost_total";

inline constexpr auto kForwarded = "ringmaster_forwarded_requests_total";
inline constexpr auto kFromPeers = "ringmaster_requests_from_peers_total";
inline constexpr auto kPeerUp = "ringmaster_peer_up";

inline constexpr auto kBufferedBytes = "ringmaster_buffered_bytes";
inline constexpr auto kBufferedBytesMax = "ringmaster_buffered_bytes_max";
inline constexpr auto kConnections = "ringmaster_connections";
inline constexpr auto kDraining = "ringmaster_draining";
inline constexpr auto kBuildInfo = "ringmaster_build_info";

// Under the names that every Prometheus client library has.
inline constexpr auto kProcessCpu = "process_cpu_seconds_total";
inline constexpr auto kProcessResident = "process_resident_memory_bytes";
inline constexpr auto kProcessDescriptors = "process_open_fds";
inline constexpr auto kProcessDescriptorsMax = "process_max_fds";
inline constexpr auto kProcessStart = "process_start_time_seconds";

}  // namespace ringmaster::metric
