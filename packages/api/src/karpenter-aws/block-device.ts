import { z } from "zod";
import { Int32, Int64, rules } from "../field.ts";

/** 1 to 59,000 Gi, 64,000 G, 58 Ti or 64 T. */
const volumeSizePattern =
  /^((?:[1-9][0-9]{0,3}|[1-4][0-9]{4}|[5][0-8][0-9]{3}|59000)Gi|(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}|[6][0-3][0-9]{3}|64000)G|([1-9]||[1-5][0-7]|58)Ti|([1-9]||[1-5][0-9]|6[0-3]|64)T)$/;

/** The fields of a volume that every version of the API has. */
export const ebsFields = {
  deleteOnTermination: z.boolean().optional().describe("Whether the volume goes with its instance."),
  encrypted: z.boolean().optional().describe("Whether the volume is encrypted."),
  iops: Int64.optional().describe("I/O operations per second; for gp3, io1 and io2."),
  kmsKeyID: z.string().optional().describe("The key that encrypts the volume."),
  snapshotID: z.string().optional().describe("The snapshot that the volume starts from."),
  throughput: Int64.optional().describe("MiB/s; for gp3."),
  volumeType: z.enum(["standard", "io1", "io2", "gp2", "sc1", "st1", "gp3"]).optional().describe("The kind of volume."),
};

export const needsSize = {
  message: "snapshotID or volumeSize must be defined",
  rule: "has(self.snapshotID) || has(self.volumeSize)",
};

export const volumeSize = z
  .string()
  .regex(volumeSizePattern, { error: "a size of 1 to 59000Gi, 64000G, 58Ti or 64T" })
  .optional()
  .describe("The volume's size, such as 100Gi.");

const Ebs = z
  .object({
    ...ebsFields,
    volumeSize,
    volumeInitializationRate: Int32.min(100)
      .max(300)
      .optional()
      .describe("MiB/s at which the volume is filled from its snapshot."),
  })
  .meta(
    rules(needsSize, {
      message: "snapshotID must be set when volumeInitializationRate is set",
      rule: "!has(self.volumeInitializationRate) || (has(self.snapshotID) && self.snapshotID != '')",
    }),
  );

export const onlyOneRoot = {
  message: "must have only one blockDeviceMappings with rootVolume",
  rule: "self.filter(x, has(x.rootVolume)?x.rootVolume==true:false).size() <= 1",
};

export const BlockDeviceMappings = z
  .array(
    z.object({
      deviceName: z.string().optional().describe("The device, such as /dev/xvda."),
      ebs: Ebs.optional().describe("The volume."),
      rootVolume: z
        .boolean()
        .optional()
        .describe("Whether this is the volume of the kubelet's storage, from which ephemeral-storage is reckoned."),
    }),
  )
  .max(50)
  .meta(rules(onlyOneRoot));
