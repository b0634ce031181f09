// Evaluates the recorded cases by the ReplicaCalculator of kube-controller-manager, for as much CPU time as it is told
// to, and prints how many metrics it evaluated a second: what `npm run bench -- hpa` sets our engine beside.
//
//	in-tree VECTORS MILLISECONDS
package main

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	autoscaling "k8s.io/api/autoscaling/v2"
	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	listers "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/controller/podautoscaler"
	"k8s.io/kubernetes/pkg/controller/podautoscaler/metrics"
	custom "k8s.io/metrics/pkg/apis/custom_metrics/v1beta2"
	external "k8s.io/metrics/pkg/apis/external_metrics/v1beta1"
	resource "k8s.io/metrics/pkg/apis/metrics/v1beta1"
)

type step struct {
	StatusReplicas  int32                          `json:"statusReplicas"`
	Pods            []*core.Pod                    `json:"pods"`
	PodMetrics      []resource.PodMetrics          `json:"podMetrics"`
	CustomMetrics   []custom.MetricValue           `json:"customMetrics"`
	ExternalMetrics []external.ExternalMetricValue `json:"externalMetrics"`
}

type vector struct {
	Input struct {
		HPA   autoscaling.HorizontalPodAutoscaler `json:"hpa"`
		Scale struct {
			Replicas int32  `json:"replicas"`
			Selector string `json:"selector"`
		} `json:"scale"`
		Steps []step `json:"steps"`
	} `json:"input"`
}

// What the metrics APIs answer: objects that are decoded already, made into numbers as the real client makes them.
type answers struct{ now *step }

func (a answers) GetResourceMetric(_ context.Context, name core.ResourceName, _ string, _ labels.Selector, container string) (metrics.PodMetricsInfo, time.Time, error) {
	if len(a.now.PodMetrics) == 0 {
		return nil, time.Time{}, errors.New("no metrics returned from resource metrics API")
	}
	found := make(metrics.PodMetricsInfo, len(a.now.PodMetrics))
	for _, item := range a.now.PodMetrics {
		sum, known := int64(0), container == "" && len(item.Containers) > 0
		for _, each := range item.Containers {
			if container != "" && each.Name != container {
				continue
			}
			value, has := each.Usage[name]
			known = has
			if !has {
				break
			}
			sum += value.MilliValue()
			if container != "" {
				break
			}
		}
		if known {
			found[item.Name] = metrics.PodMetric{Timestamp: item.Timestamp.Time, Window: item.Window.Duration, Value: sum}
		}
	}
	return found, time.Time{}, nil
}

func (a answers) GetRawMetric(name string, _ string, _, _ labels.Selector) (metrics.PodMetricsInfo, time.Time, error) {
	found := metrics.PodMetricsInfo{}
	for _, item := range a.now.CustomMetrics {
		if item.DescribedObject.Kind == "Pod" && item.Metric.Name == name {
			found[item.DescribedObject.Name] = metrics.PodMetric{Timestamp: item.Timestamp.Time, Window: time.Minute, Value: item.Value.MilliValue()}
		}
	}
	if len(found) == 0 {
		return nil, time.Time{}, errors.New("no metrics returned from custom metrics API")
	}
	return found, time.Time{}, nil
}

func (a answers) GetObjectMetric(name string, _ string, object *autoscaling.CrossVersionObjectReference, _ labels.Selector) (int64, time.Time, error) {
	for _, item := range a.now.CustomMetrics {
		if item.DescribedObject.Kind == object.Kind && item.DescribedObject.Name == object.Name && item.Metric.Name == name {
			return item.Value.MilliValue(), time.Time{}, nil
		}
	}
	return 0, time.Time{}, errors.New("the server could not find the metric")
}

func (a answers) GetExternalMetric(name string, _ string, _ labels.Selector) ([]int64, time.Time, error) {
	var found []int64
	for _, item := range a.now.ExternalMetrics {
		if item.MetricName == name {
			found = append(found, item.Value.MilliValue())
		}
	}
	if len(found) == 0 {
		return nil, time.Time{}, errors.New("no metrics returned from external metrics API")
	}
	return found, time.Time{}, nil
}

func main() {
	if len(os.Args) != 3 {
		log.Fatal("expected VECTORS MILLISECONDS")
	}
	leastMs, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	// Pods without metrics are logged at a level that nobody asks for.
	klog.SetLogger(logr.Discard())
	var evaluations []func()
	for _, one := range read(os.Args[1]) {
		evaluations = append(evaluations, of(one)...)
	}
	began, count := cpu(), 0
	for cpu()-began < time.Duration(leastMs)*time.Millisecond {
		for _, evaluate := range evaluations {
			evaluate()
		}
		count += len(evaluations)
	}
	fmt.Printf("{\"evaluations\":%d,\"perSecond\":%.0f}\n", len(evaluations), float64(count)/(cpu()-began).Seconds())
}

// What this process has used, in all threads.
func cpu() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		log.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func read(file string) (vectors []*vector) {
	packed, err := os.Open(file)
	if err != nil {
		log.Fatal(err)
	}
	plain, err := gzip.NewReader(packed)
	if err != nil {
		log.Fatal(err)
	}
	lines := bufio.NewReader(plain)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			return vectors
		}
		one := &vector{}
		if err := json.Unmarshal(line, one); err != nil {
			log.Fatal(err)
		}
		vectors = append(vectors, one)
	}
}

// Each metric of each step; what it returns is not looked at, the recorded cases are checked elsewhere.
func of(one *vector) (evaluations []func()) {
	in := &one.Input
	selector, err := labels.Parse(in.Scale.Selector)
	if err != nil {
		return nil
	}
	for index := range in.Steps {
		now := &in.Steps[index]
		pods := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc})
		for _, pod := range now.Pods {
			if err := pods.Add(pod); err != nil {
				log.Fatal(err)
			}
		}
		calculator := podautoscaler.NewReplicaCalculator(answers{now}, listers.NewPodLister(pods), 5*time.Minute, 30*time.Second)
		for _, spec := range in.HPA.Spec.Metrics {
			evaluations = append(evaluations, func() { evaluate(calculator, in.HPA.Namespace, in.Scale.Replicas, now, selector, spec) })
		}
	}
	return evaluations
}

func evaluate(calculator *podautoscaler.ReplicaCalculator, namespace string, replicas int32, now *step, selector labels.Selector, spec autoscaling.MetricSpec) {
	var tolerances podautoscaler.Tolerances
	ofPods := func(name core.ResourceName, target autoscaling.MetricTarget, container string) {
		if target.AverageValue != nil {
			calculator.GetRawResourceReplicas(context.Background(), replicas, target.AverageValue.MilliValue(), name, tolerances, namespace, selector, container)
		} else if target.AverageUtilization != nil {
			calculator.GetResourceReplicas(context.Background(), replicas, *target.AverageUtilization, name, tolerances, namespace, selector, container)
		}
	}
	switch spec.Type {
	case autoscaling.ResourceMetricSourceType:
		ofPods(spec.Resource.Name, spec.Resource.Target, "")
	case autoscaling.ContainerResourceMetricSourceType:
		ofPods(spec.ContainerResource.Name, spec.ContainerResource.Target, spec.ContainerResource.Container)
	case autoscaling.PodsMetricSourceType:
		asked, _ := meta.LabelSelectorAsSelector(spec.Pods.Metric.Selector)
		calculator.GetMetricReplicas(replicas, spec.Pods.Target.AverageValue.MilliValue(), spec.Pods.Metric.Name, tolerances, namespace, selector, asked)
	case autoscaling.ObjectMetricSourceType:
		asked, _ := meta.LabelSelectorAsSelector(spec.Object.Metric.Selector)
		if spec.Object.Target.Value != nil {
			calculator.GetObjectMetricReplicas(replicas, spec.Object.Target.Value.MilliValue(), spec.Object.Metric.Name, tolerances, namespace, &spec.Object.DescribedObject, selector, asked)
		} else {
			calculator.GetObjectPerPodMetricReplicas(now.StatusReplicas, spec.Object.Target.AverageValue.MilliValue(), spec.Object.Metric.Name, tolerances, namespace, &spec.Object.DescribedObject, asked)
		}
	case autoscaling.ExternalMetricSourceType:
		if spec.External.Target.Value != nil {
			calculator.GetExternalMetricReplicas(replicas, spec.External.Target.Value.MilliValue(), spec.External.Metric.Name, tolerances, namespace, spec.External.Metric.Selector, selector)
		} else {
			calculator.GetExternalPerPodMetricReplicas(now.StatusReplicas, spec.External.Target.AverageValue.MilliValue(), spec.External.Metric.Name, tolerances, namespace, spec.External.Metric.Selector)
		}
	}
}
