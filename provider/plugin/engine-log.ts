/** Engine log: lines for people, beside the resource that they are about. */
import { EngineClient, engine, type Grpc, grpc } from "./grpc";

let client: InstanceType<typeof EngineClient> | undefined;

/** @param address where the engine listens, such as "127.0.0.1:40001"; without one lines go to the process's output */
export function logTo(address: string | undefined): void {
  client = address ? new EngineClient(address, grpc.credentials.createInsecure()) : undefined;
}

/** Shows a line, in a plan as a warning where it is one. One that the engine does not take is for nobody: it is on its way out. */
export function log(urn: string, message: string, isWarning = false): void {
  if (client === undefined) {
    console.log(message);
    return;
  }
  const request = new engine.LogRequest();
  request.setSeverity(isWarning ? engine.LogSeverity.WARNING : engine.LogSeverity.INFO);
  request.setUrn(urn);
  request.setMessage(message);
  client.log(request, (error: Grpc.ServiceError | null) => {
    if (error) console.log(message);
  });
}
