/** Text that Go's decoder would refuse, in its wording; the request handler says which object it was for. */
export class DecodeFailure extends Error {
  override readonly name = "DecodeFailure";
}
