{{- define "daybook.name" -}}
{{- if contains "daybook" .Release.Name -}}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{- else -}}{{ printf "%s-daybook" (.Release.Name | trunc 42 | trimSuffix "-") }}{{- end -}}
{{- end }}

{{- define "daybook.selector" -}}
app.kubernetes.io/name: daybook
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "daybook.labels" -}}
{{ include "daybook.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "daybook.workerSelector" -}}
{{ include "daybook.selector" . }}
app.kubernetes.io/component: worker
{{- end }}

{{- define "daybook.pod" -}}
automountServiceAccountToken: false
{{- with .Values.serviceAccountName }}
serviceAccountName: {{ . }}
{{- end }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  fsGroup: 1000
  # A large volume is not gone through again at each start.
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "daybook.container" -}}
image: {{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
envFrom:
  - secretRef: { name: {{ .Values.environmentSecret }} }
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end }}

{{- define "daybook.mounts" -}}
volumeMounts:
  - { name: config, mountPath: /etc/daybook, readOnly: true }
  {{- if .Values.data.claim }}
  - { name: data, mountPath: /var/lib/daybook }
  {{- end }}
  - { name: temporary, mountPath: /tmp }
{{- end }}

{{- define "daybook.volumes" -}}
volumes:
  - name: config
    configMap: { name: {{ include "daybook.name" . }}-config }
  {{- if .Values.data.claim }}
  - name: data
    persistentVolumeClaim: { claimName: {{ .Values.data.existingClaim | default (printf "%s-data" (include "daybook.name" .)) }} }
  {{- end }}
  - name: temporary
    emptyDir: {}
{{- end }}
