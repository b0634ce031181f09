import type { LabelSelector } from "@bellows/api";
import { isObject } from "../json-value.ts";
import type { FieldErrors } from "./field-errors.ts";
import { labelValueProblems, qualifiedNameProblems } from "./formats.ts";
import { validateLabels } from "./metadata.ts";

/** Returns whether the selector can be used. */
export function validateLabelSelector(errors: FieldErrors, selector: LabelSelector | undefined, path: string): boolean {
  const before = errors.list.length;
  if (!selector) return true;
  validateLabels(errors, selector.matchLabels, `${path}.matchLabels`);
  selector.matchExpressions?.forEach((requirement, index) => {
    const at = `${path}.matchExpressions[${index}]`;
    const { key = "", operator, values } = requirement;
    switch (operator) {
      case "In":
      case "NotIn":
        if (!values?.length) errors.required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'");
        break;
      case "Exists":
      case "DoesNotExist":
        if (values?.length)
          errors.forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
        break;
      default:
        errors.invalid(`${at}.operator`, operator ?? "", "not a valid selector operator");
    }
    errors.invalidEach(`${at}.key`, key, qualifiedNameProblems(key));
    values?.forEach((value, position) => {
      errors.invalidEach(`${at}.values[${position}]`, value, labelValueProblems(value));
    });
  });
  return errors.list.length === before;
}

export const isEmptySelector = (selector: LabelSelector): boolean =>
  !(isObject(selector.matchLabels) && Object.keys(selector.matchLabels).length) && !selector.matchExpressions?.length;

/** Whether a valid selector selects these labels. */
export function selects(selector: LabelSelector, labels: Record<string, string>): boolean {
  for (const key in selector.matchLabels) if (labels[key] !== selector.matchLabels[key]) return false;
  return (selector.matchExpressions ?? []).every(({ key, operator, values }) => {
    const value = labels[key];
    switch (operator) {
      case "In":
        return value !== undefined && (values ?? []).includes(value);
      case "NotIn":
        return value === undefined || !(values ?? []).includes(value);
      case "Exists":
        return value !== undefined;
      default:
        return value === undefined;
    }
  });
}
