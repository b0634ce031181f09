import { Command } from "commander";

export const program = new Command("bellows").description("An autoscaling suite for Kubernetes on EC2");
